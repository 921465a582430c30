using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Sluice.Relay;

/// <summary>The options that <c>serve</c> and <c>mount</c> share, and the client's argument vector after <c>--</c>.</summary>
internal sealed class CommonOptions
{
    private const int SmallestTransfer = 128 << 10;
    private const int LargestTransfer = 1 << 20;

    private readonly Option<Durability> _durability = new("--durability") { Description = "When the client has really handed written data on: Write, Flush, Fsync or Upload.", DefaultValueFactory = _ => Durability.Write };
    private readonly Option<TimeSpan> _clientTimeout = Duration("--client-timeout", "How long requests wait while there is no client, before they fail with EIO.", TimeSpan.FromMinutes(10));
    private readonly Option<TimeSpan> _hangTimeout = Duration("--hang-timeout", "Replace a client that has answered nothing for so long; 0s: never.", TimeSpan.Zero);
    private readonly Option<TimeSpan> _startTimeout = Duration("--start-timeout", "How long a client may take to start.", TimeSpan.FromMinutes(2));
    private readonly Option<TimeSpan> _flushTimeout = Duration("--flush-timeout", "How long the client may take to write out what it holds, at the end.", TimeSpan.FromSeconds(30));
    private readonly Option<int> _maxTransfer = new("--max-transfer") { Description = "Bytes of the largest read and write: 131072 to 1048576.", DefaultValueFactory = _ => SmallestTransfer };
    private readonly Option<string[]> _fusermount = new("--fusermount") { Description = "A path where the client looks for fusermount, for clients that insist on calling it. Repeatable.", DefaultValueFactory = _ => [] };
    private readonly Argument<string[]> _client = new("client") { Description = "The client and its arguments; ${mountpoint} stands for what it mounts.", Arity = ArgumentArity.OneOrMore };

    public void AddTo(Command command)
    {
        _maxTransfer.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes) || bytes is < SmallestTransfer or > LargestTransfer || bytes % 4096 != 0))
                result.AddError($"--max-transfer: \"{result.Tokens[0].Value}\" is not a multiple of 4096 from {SmallestTransfer} to {LargestTransfer}");
        });
        foreach (Option option in new Option[] { _durability, _clientTimeout, _hangTimeout, _startTimeout, _flushTimeout, _maxTransfer, _fusermount })
            command.Add(option);
        command.Add(_client);
    }

    public RelayOptions Read(ParseResult result) => new(result.GetRequiredValue(_client))
    {
        Durability = result.GetValue(_durability),
        ClientTimeout = result.GetValue(_clientTimeout),
        HangTimeout = result.GetValue(_hangTimeout),
        StartTimeout = result.GetValue(_startTimeout),
        FlushTimeout = result.GetValue(_flushTimeout),
        MaxTransfer = result.GetValue(_maxTransfer),
        Fusermount = result.GetValue(_fusermount) ?? [],
    };

    /// <summary>An option that takes a time as Kubernetes writes it: 90s, 10m, 1h, 500ms.</summary>
    public static Option<TimeSpan> Duration(string name, string description, TimeSpan byDefault) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => byDefault,
        CustomParser = Parse,
    };

    private static TimeSpan Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        var (unit, length) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (TimeSpan.FromMilliseconds(1), 2),
            _ when text.EndsWith('s') => (TimeSpan.FromSeconds(1), 1),
            _ when text.EndsWith('m') => (TimeSpan.FromMinutes(1), 1),
            _ when text.EndsWith('h') => (TimeSpan.FromHours(1), 1),
            _ => (TimeSpan.Zero, 0),
        };
        if (length > 0 && int.TryParse(text.AsSpan(0, text.Length - length), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= 1_000_000)
            return unit * count;
        result.AddError($"\"{text}\" is not a time such as 500ms, 30s, 10m or 1h");
        return TimeSpan.Zero;
    }
}
