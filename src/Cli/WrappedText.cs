using System.Text;

namespace Sluice.Cli;

/// <summary>Sentences broken into lines at white space.</summary>
internal static class WrappedText
{
    /// <summary>Lines of at most <paramref name="width"/> characters; a longer word (a path, an image) has a line of its own.</summary>
    public static IEnumerable<string> Lines(string text, int width)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }
            if (line.Length > 0)
                line.Append(' ');
            line.Append(word);
        }
        yield return line.ToString();
    }
}
