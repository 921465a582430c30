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
        var blocks = MatchedEarly(diff);
        var output = new StringBuilder();
        output.Append(terminal.Styled(Style.Bold, "--- " + beforeName)).Append('\n');
        output.Append(terminal.Styled(Style.Bold, "+++ " + afterName)).Append('\n');
        foreach (var hunk in Hunks(blocks))
            WriteHunk(output, diff, hunk, terminal);
        return output.ToString();
    }

    /// <summary>
    /// The same differences, with unchanged lines kept where they first match. Of equally short differences the library may
    /// find one that scatters a pod's own last lines (<c>limits:</c>, <c>- ALL</c>) over the sidecar that is added behind them.
    /// </summary>
    private static List<DiffBlock> MatchedEarly(DiffResult diff)
    {
        var blocks = new List<DiffBlock>();
        DiffBlock? open = null; // an addition whose following unchanged lines may belong before it
        foreach (var block in diff.DiffBlocks)
        {
            if (open is not null && TryMoveAhead(diff, open, block.DeleteStartA, out var moved))
            {
                open = new DiffBlock(moved.DeleteStartA, block.DeleteCountA, moved.InsertStartB, EndB(block) - moved.InsertStartB);
                continue;
            }
            if (open is not null)
                blocks.Add(open);
            open = block;
        }
        if (open is not null)
            blocks.Add(TryMoveAhead(diff, open, diff.PiecesOld.Count, out var last) ? last : open);
        return blocks;
    }

    /// <summary>Moves the unchanged lines from a pure addition to <paramref name="end"/> before it, when it begins with the same lines.</summary>
    private static bool TryMoveAhead(DiffResult diff, DiffBlock addition, int end, out DiffBlock moved)
    {
        var run = end - EndA(addition);
        moved = addition;
        if (addition.DeleteCountA > 0 || run == 0 || run > addition.InsertCountB)
            return false;
        for (var i = 0; i < run; i++)
        {
            if (diff.PiecesOld[EndA(addition) + i] != diff.PiecesNew[addition.InsertStartB + i])
                return false;
        }
        moved = new DiffBlock(addition.DeleteStartA + run, 0, addition.InsertStartB + run, addition.InsertCountB);
        return true;
    }

    /// <summary>Changes whose contexts touch are shown together.</summary>
    private static List<List<DiffBlock>> Hunks(List<DiffBlock> blocks)
    {
        var hunks = new List<List<DiffBlock>>();
        foreach (var block in blocks)
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
