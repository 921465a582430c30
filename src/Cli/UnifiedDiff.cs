using System.Globalization;
using System.Text;
using DiffPlex;
using DiffPlex.Model;

namespace Sluice.Cli;

/// <summary>Line differences in the format of <c>diff -u</c>, which <c>patch</c> and pagers read.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3; // unchanged lines around a change, as diff -u has

    /// <summary>Empty when the texts are equal. Both end with a line feed.</summary>
    public static string Of(string before, string after, string beforeName, string afterName, Terminal terminal)
    {
        var diff = Differ.Instance.CreateLineDiffs(before.TrimEnd('\n'), after.TrimEnd('\n'), ignoreWhitespace: false);
        if (diff.DiffBlocks.Count == 0)
            return "";
        var output = new StringBuilder();
        output.Append(terminal.Styled(Style.Bold, "--- " + beforeName)).Append('\n');
        output.Append(terminal.Styled(Style.Bold, "+++ " + afterName)).Append('\n');
        foreach (var hunk in Hunks(diff))
            WriteHunk(output, diff, hunk, terminal);
        return output.ToString();
    }

    /// <summary>Changes whose contexts touch are shown together.</summary>
    private static List<List<DiffBlock>> Hunks(DiffResult diff)
    {
        var hunks = new List<List<DiffBlock>>();
        foreach (var block in diff.DiffBlocks)
        {
            if (hunks.Count > 0 && block.DeleteStartA - EndA(hunks[^1][^1]) <= 2 * Context)
                hunks[^1].Add(block);
            else
                hunks.Add([block]);
        }
        return hunks;
    }

    private static int EndA(DiffBlock block) => block.DeleteStartA + block.DeleteCountA;

    private static int EndB(DiffBlock block) => block.InsertStartB + block.InsertCountB;

    private static void WriteHunk(StringBuilder output, DiffResult diff, List<DiffBlock> hunk, Terminal terminal)
    {
        var lead = Math.Min(Context, hunk[0].DeleteStartA);
        var trail = Math.Min(Context, diff.PiecesOld.Count - EndA(hunk[^1]));
        var start = hunk[0].DeleteStartA - lead;
        var header = $"@@ -{Range(start, EndA(hunk[^1]) + trail)} +{Range(hunk[0].InsertStartB - lead, EndB(hunk[^1]) + trail)} @@";
        output.Append(terminal.Styled(Style.Cyan, header)).Append('\n');
        var next = start;
        foreach (var block in hunk)
        {
            for (; next < block.DeleteStartA; next++)
                output.Append(' ').Append(diff.PiecesOld[next]).Append('\n');
            for (; next < EndA(block); next++)
                output.Append(terminal.Styled(Style.Red, "-" + diff.PiecesOld[next])).Append('\n');
            for (var i = block.InsertStartB; i < EndB(block); i++)
                output.Append(terminal.Styled(Style.Green, "+" + diff.PiecesNew[i])).Append('\n');
        }
        for (var i = 0; i < trail; i++)
            output.Append(' ').Append(diff.PiecesOld[next + i]).Append('\n');
    }

    /// <summary>First line and number of lines; a number of one is left out, and an empty range begins before its first line.</summary>
    private static string Range(int start, int end) => (end - start) switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"{start},0"),
        1 => string.Create(CultureInfo.InvariantCulture, $"{start + 1}"),
        var count => string.Create(CultureInfo.InvariantCulture, $"{start + 1},{count}"),
    };
}
