using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Sluice.Relay.Forwarding;

namespace Sluice.Relay.Commands;

/// <summary>The options that <c>serve</c> and <c>mount</c> share, and the client's argument vector after <c>--</c>. The injection writes them.</summary>
internal sealed class CommonOptions
{
    private const int SmallestTransfer = 128 << 10;
    private const int LargestTransfer = 1 << 20;

    private readonly Option<string> _dataset = new("--dataset") { Description = "NAMESPACE/NAME, for the log and the status." };
    private readonly Option<string> _access = new("--access") { Description = "ro or rw." };
    private readonly Option<Durability> _durability = new("--durability") { Description = "When the client has really handed written data on: Write, Flush, Fsync or Upload.", DefaultValueFactory = _ => Durability.Write };
    private readonly Option<TimeSpan> _clientTimeout = Duration("--client-timeout", "How long requests wait while there is no client, before they fail with EIO.", TimeSpan.FromMinutes(10));
    private readonly Option<TimeSpan> _hangTimeout = Duration("--hang-timeout", "Replace a client that has answered nothing for so long; 0s: never.", TimeSpan.Zero);
    private readonly Option<TimeSpan> _startTimeout = Duration("--start-timeout", "How long a client, and what it waits for, may take to start.", TimeSpan.FromMinutes(2));
    private readonly Option<TimeSpan> _flushTimeout = Duration("--flush-timeout", "How long the client may take to write out what it holds, at the end.", TimeSpan.FromSeconds(30));
    private readonly Option<string> _maxTransfer = new("--max-transfer") { Description = "The largest read and write: 128Ki to 1Mi." };
    private readonly Option<SpinMode> _spin = new("--spin") { Description = "Look for messages for 50 us before sleeping: faster, at up to one core while traffic lasts. Auto, On or Off.", DefaultValueFactory = _ => SpinMode.Auto };
    private readonly Option<string> _journal = new("--journal") { Description = "Memory for acknowledged writes that the client has not handed on (durability Flush and Fsync): 4Mi to 1024Mi, 64Mi by default; 0: they are lost with it, and said to be." };
    private readonly Option<bool> _fusermount = new("--fusermount") { Description = "The client insists on calling fusermount3: this program stands in for it (bindfs, rclone, s3fs)." };
    private readonly Option<string[]> _waitFor = new("--wait-for") { Description = "tcp://HOST:PORT that must take connections before the client starts. Repeatable.", DefaultValueFactory = _ => [] };
    private readonly Argument<string[]> _client = new("client") { Description = "The client and its arguments; ${mountpoint} stands for what it mounts.", Arity = ArgumentArity.OneOrMore };

    /// <summary>Adds the options to a command, and the client behind its arguments.</summary>
    /// <param name="command">The command.</param>
    /// <param name="byDefault">The access that it gives where none is asked for.</param>
    public void AddTo(Command command, string byDefault)
    {
        _access.DefaultValueFactory = _ => byDefault;
        _access.AcceptOnlyFromAmong("ro", "rw");
        _maxTransfer.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && Bytes(result.Tokens[0].Value) is null)
                result.AddError($"--max-transfer: \"{result.Tokens[0].Value}\" is not a multiple of 4Ki from 128Ki to 1Mi");
        });
        _journal.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && JournalBytes(result.Tokens[0].Value) is null)
                result.AddError($"--journal: \"{result.Tokens[0].Value}\" is neither 0 nor a size from 4Mi to 1024Mi");
        });
        _waitFor.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (WaitFor.Endpoint(token.Value) is null)
                    result.AddError($"--wait-for: \"{token.Value}\" is not tcp://HOST:PORT");
            }
        });
        foreach (Option option in new Option[] { _dataset, _access, _durability, _clientTimeout, _hangTimeout, _startTimeout, _flushTimeout, _maxTransfer, _spin, _journal, _fusermount, _waitFor })
            command.Add(option);
        command.Add(_client);
    }

    public RelayOptions Read(ParseResult result) => new(result.GetRequiredValue(_client))
    {
        Dataset = result.GetValue(_dataset) ?? "",
        ReadOnly = result.GetValue(_access) == "ro",
        Durability = result.GetValue(_durability),
        ClientTimeout = result.GetValue(_clientTimeout),
        HangTimeout = result.GetValue(_hangTimeout),
        StartTimeout = result.GetValue(_startTimeout),
        FlushTimeout = result.GetValue(_flushTimeout),
        MaxTransfer = result.GetValue(_maxTransfer) is { } transfer ? Bytes(transfer)!.Value : SmallestTransfer,
        Spin = result.GetValue(_spin),
        Journal = result.GetValue(_journal) is { } journal ? JournalBytes(journal)!.Value : RelayOptions.DefaultJournal,
        Fusermount = result.GetValue(_fusermount),
        WaitFor = result.GetValue(_waitFor) ?? [],
    };

    /// <summary>An option that takes a time as Kubernetes writes it: 90s, 10m, 1h30m, 500ms.</summary>
    public static Option<TimeSpan> Duration(string name, string description, TimeSpan byDefault) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => byDefault,
        CustomParser = Parse,
    };

    private static int? Bytes(string text) => Size(text) is { } bytes && bytes is >= SmallestTransfer and <= LargestTransfer && bytes % 4096 == 0 ? (int)bytes : null;

    private static int? JournalBytes(string text) => Size(text) is { } bytes && bytes is 0 or >= 4 << 20 and <= 1 << 30 ? (int)bytes : null;

    private static long? Size(string text)
    {
        int unit = text.EndsWith("Ki", StringComparison.Ordinal) ? 10 : text.EndsWith("Mi", StringComparison.Ordinal) ? 20 : 0;
        return int.TryParse(unit == 0 ? text : text.AsSpan(0, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? (long)count << unit : null;
    }

    private static TimeSpan Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || digits > 9 || !TryUnit(rest[digits..], out var unit, out int length))
                break;
            total += unit * int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[(digits + length)..];
        }
        if (rest.Length > 0 || text.Length == 0 || total > TimeSpan.FromDays(20))
            result.AddError($"\"{text}\" is not a time such as 500ms, 30s, 10m or 1h30m");
        return total;
    }

    private static bool TryUnit(ReadOnlySpan<char> text, out TimeSpan unit, out int length)
    {
        (unit, length) = text switch
        {
            ['m', 's', ..] => (TimeSpan.FromMilliseconds(1), 2),
            ['s', ..] => (TimeSpan.FromSeconds(1), 1),
            ['m', ..] => (TimeSpan.FromMinutes(1), 1),
            ['h', ..] => (TimeSpan.FromHours(1), 1),
            _ => (TimeSpan.Zero, 0),
        };
        return length > 0;
    }
}
