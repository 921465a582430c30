using System.Text;

namespace Sluice.Webhook.Tests;

public sealed class ReviewTextTests
{
    [Theory]
    [InlineData("""{"request":{"uid":"a","object":{""", "a")]
    [InlineData("""{"kind":["x",{}],"request":{"object":{"uid":"not this"},"uid":"a"}, nonsense""", "a")]
    [InlineData("""{"re\u0071uest":{"ui\u0064":"a\"b"}""", "a\"b")]
    [InlineData("""{"request":{"uid":"a"},"request":{"uid":"b"}}""", "a")]
    [InlineData("""{"request":[],"request":{"uid":7,"x":{"uid":"c"}},"request":{"uid":"b"}}""", "b")]
    [InlineData("""{"request":[{"uid":"a"}]}""", null)]
    [InlineData("""{"uid":"a"}""", null)]
    [InlineData("""{"request":{"uid":["a"]}}""", null)]
    [InlineData("""{"request":{"uid":"a""", null)]
    [InlineData("""{"request":{nonsense,"uid":"a"}}""", null)]
    [InlineData("""[{"request":{"uid":"a"}}]""", null)]
    [InlineData("", null)]
    public void The_uid_is_found_where_the_body_is_json_up_to_it(string body, string? uid) =>
        Assert.Equal(uid, ReviewText.FindUid(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_uid_that_is_no_text_is_none()
    {
        byte[] body = [.. """{"request":{"uid":" """u8, 0xff, .. "\"}}"u8];
        Assert.Null(ReviewText.FindUid(body));
    }

    [Theory]
    [InlineData("\"\\ud83d\\ude00\"", false)]
    [InlineData("\"\\\\ud83d\"", false)]
    [InlineData("\"\\ud83d\"", true)]
    [InlineData("\"\\ud83d\\\\ude00\"", true)]
    [InlineData("{\"\\ude00\":1}", true)]
    [InlineData("\"\\u00e9\\ud7ff\\ue000\"", false)]
    public void Half_a_surrogate_pair_is_seen(string json, bool lone) =>
        Assert.Equal(lone, ReviewText.HasLoneSurrogate(Encoding.UTF8.GetBytes(json)));
}
