namespace Sluice.Cli.Tests;

public sealed class UnifiedDiffTests
{
    private static readonly Terminal Plain = new(TextReader.Null, TextWriter.Null, TextWriter.Null);

    // Expected texts are what `diff -u` of GNU diffutils 3.10 prints.
    [Fact]
    public void A_change_is_shown_with_three_lines_around_it() => Assert.Equal(
        """
        --- before
        +++ after
        @@ -3,7 +3,8 @@
         3
         4
         5
        -6
        +six
        +and more
         7
         8
         9

        """,
        Diff("1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 six and_more 7 8 9 10"));

    [Fact]
    public void Changes_whose_surroundings_touch_are_one_hunk_and_others_two() => Assert.Equal(
        """
        --- before
        +++ after
        @@ -1,12 +1,12 @@
         1
        -2
        +two
         3
         4
         5
         6
         7
         8
        -9
        +nine
         10
         11
         12
        @@ -17,4 +17,3 @@
         17
         18
         19
        -20

        """,
        Diff("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", "1 two 3 4 5 6 7 8 nine 10 11 12 13 14 15 16 17 18 19"));

    [Fact]
    public void Additions_at_both_ends_have_their_own_ranges() => Assert.Equal(
        """
        --- before
        +++ after
        @@ -1 +1,3 @@
        +0
         1
        +2

        """,
        Diff("1", "0 1 2"));

    [Fact]
    public void What_is_added_at_the_end_does_not_scatter_the_lines_before_it() => Assert.Equal(
        """
        --- before
        +++ after
        @@ -2,3 +2,9 @@
         memory
         drop
         ALL
        +mounts
        +limits
        +cpu
        +memory
        +drop
        +ALL

        """,
        Diff("limits memory drop ALL", "limits memory drop ALL mounts limits cpu memory drop ALL"));

    [Fact]
    public void Equal_texts_have_no_difference() => Assert.Equal("", Diff("1 2", "1 2"));

    [Fact]
    public void Colours_wrap_whole_lines()
    {
        var diff = UnifiedDiff.Of("a\nb\n", "a\nc\n", "x", "y", Plain with { Colour = true });
        Assert.Equal("\e[1m--- x\e[0m\n\e[1m+++ y\e[0m\n\e[36m@@ -1,2 +1,2 @@\e[0m\n a\n\e[31m-b\e[0m\n\e[32m+c\e[0m\n", diff);
    }

    private static string Diff(string before, string after) => UnifiedDiff.Of(Lines(before), Lines(after), "before", "after", Plain);

    private static string Lines(string words) => words.Replace(' ', '\n').Replace('_', ' ') + "\n";
}
