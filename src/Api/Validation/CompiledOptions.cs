using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Api.Validation;

/// <summary>
/// The options that a profile declares, with their patterns compiled: the one place that decides which values Datasets and
/// Runtimes may set. Immutable; build one per profile and keep it.
/// </summary>
public sealed class CompiledOptions
{
    internal const int MaxPatternLength = 500; // arbitrary; bounds the automaton together with NonBacktracking
    private const int MaxValueLength = 4096;   // arbitrary

    /// <summary>What separates items in option lists and configuration files: only a pattern can allow it.</summary>
    private static readonly SearchValues<char> Separators = SearchValues.Create(" ,;\"'`\\${}");

    private readonly SortedDictionary<string, CompiledOption> _options = new(StringComparer.Ordinal);

    /// <summary>Never throws: an option whose pattern does not compile refuses every value.</summary>
    public CompiledOptions(RuntimeProfileSpec profile)
    {
        foreach (var (name, option) in profile.Options)
            _options[name] = new CompiledOption(option ?? new ProfileOption());
    }

    /// <summary>
    /// Merges the values for one Dataset: profile default, then the Runtime's <c>spec.options</c> and <c>spec.fuse.options</c>,
    /// then the Dataset's <c>spec.source.options</c> and <c>spec.fuse.options</c>; the later wins, and each is checked.
    /// </summary>
    /// <param name="runtime">The Runtime that the Dataset names, if any.</param>
    /// <param name="dataset">The Dataset.</param>
    /// <param name="values">Every declared option; null where it is unset. Empty on failure.</param>
    /// <param name="errors">All that is wrong; empty on success.</param>
    public bool TryMerge(RuntimeSpec? runtime, DatasetSpec dataset, out IReadOnlyDictionary<string, string?> values, out IReadOnlyList<FieldError> errors)
    {
        var merged = new Dictionary<string, string?>(_options.Count, StringComparer.Ordinal);
        foreach (var (name, option) in _options)
            merged[name] = option.Declared.Default;
        var problems = new List<FieldError>();
        if (runtime is not null)
            Merge(nameof(Runtime), runtime, merged, problems);
        Merge(nameof(Dataset), "spec.source.options", dataset.Source.Options, merged, problems);
        Merge(nameof(Dataset), "spec.fuse.options", dataset.Fuse.Options, merged, problems);
        foreach (var (name, option) in _options)
        {
            if (option.Declared.Required && merged[name] is null && problems.TrueForAll(p => !p.Path.EndsWith($"[{name}]", StringComparison.Ordinal)))
                problems.Add(new FieldError(nameof(Dataset), $"spec.source.options[{name}]", "is required by the profile" + Describe(option.Declared)));
        }
        errors = problems;
        values = problems.Count == 0 ? merged : new Dictionary<string, string?>(StringComparer.Ordinal);
        return problems.Count == 0;
    }

    /// <summary>The errors in what a Runtime sets, whatever Dataset uses it.</summary>
    public IReadOnlyList<FieldError> Check(RuntimeSpec runtime)
    {
        var problems = new List<FieldError>();
        Merge(nameof(Runtime), runtime, new Dictionary<string, string?>(StringComparer.Ordinal), problems);
        return problems;
    }

    /// <summary>Why the pattern of an option does not work; null when it does or there is none.</summary>
    internal string? PatternProblem(string name) => _options[name].PatternProblem;

    /// <summary>Why <paramref name="value"/> may not be the default of the declared option <paramref name="name"/>; null when it may.</summary>
    internal string? DefaultProblem(string name, string value) => _options[name].Problem(value, trusted: true);

    private void Merge(string kind, RuntimeSpec runtime, Dictionary<string, string?> merged, List<FieldError> problems)
    {
        Merge(kind, "spec.options", runtime.Options, merged, problems);
        Merge(kind, "spec.fuse.options", runtime.Fuse.Options, merged, problems);
    }

    private void Merge(string kind, string path, Dictionary<string, string> from, Dictionary<string, string?> merged, List<FieldError> problems)
    {
        foreach (var (name, value) in from)
        {
            var problem = _options.TryGetValue(name, out var option) ? option.Problem(value) : Undeclared();
            if (problem is null)
                merged[name] = value;
            else
                problems.Add(new FieldError(kind, $"{path}[{name}]", problem));
        }
    }

    private string Undeclared() => _options.Count == 0
        ? "is not an option of the profile, which declares none: remove it"
        : $"is not an option of the profile, which declares {string.Join(", ", _options.Keys)}: remove it or correct its name";

    private static string Describe(ProfileOption option) => string.IsNullOrEmpty(option.Description) ? "" : $": {option.Description}";

    private sealed class CompiledOption
    {
        private readonly Regex? _pattern;

        public CompiledOption(ProfileOption declared)
        {
            Declared = declared;
            if (declared.Pattern is null)
                return;
            if (declared.Pattern.Length > MaxPatternLength)
            {
                PatternProblem = $"must be at most {MaxPatternLength} characters long";
                return;
            }
            try
            {
                // Alone first: "a)|(?:b" compiles only inside other brackets, and would undo the anchors there.
                _ = new Regex(declared.Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
                // Linear in the value, and \z where a pattern's own $ would let a newline pass behind it.
                _pattern = new Regex($@"\A(?:{declared.Pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                PatternProblem = "is no regular expression without look-around and back-references: " + e.Message;
            }
        }

        public ProfileOption Declared { get; }
        public string? PatternProblem { get; }

        /// <summary>Why this cannot be the option's value; null when it can.</summary>
        /// <param name="value">The value.</param>
        /// <param name="trusted">It is the profile's own, which may hold separators without a pattern that says so.</param>
        public string? Problem(string value, bool trusted = false)
        {
            if (value.Length > MaxValueLength)
                return $"must be at most {MaxValueLength} characters long";
            foreach (var c in value)
            {
                if (char.IsControl(c) || c is '\u2028' or '\u2029')
                    return $"must not hold control characters such as a line break (found U+{(int)c:X4}): write it on one line";
            }
            if (PatternProblem is not null)
                return "cannot be set: the profile's pattern for it does not compile";
            if (value.StartsWith('-') && Declared.Type != OptionType.Integer)
                return "must not begin with a dash, so that it cannot pass for a flag: write the value alone";
            if (TypeProblem(value) is { } problem)
                return problem;
            if (_pattern is not null)
                return Matches(value) ? null : $"\"{value}\" must match {Declared.Pattern}{Describe(Declared)}";
            var at = Declared.Type == OptionType.String && !trusted ? value.AsSpan().IndexOfAny(Separators) : -1;
            return at < 0 ? null : $"must not hold the character '{value[at]}': only an option with a pattern that allows it may";
        }

        private bool Matches(string value)
        {
            try
            {
                return _pattern!.IsMatch(value);
            }
            catch (RegexMatchTimeoutException)
            {
                return false; // closed: what cannot be judged is not passed on
            }
        }

        private string? TypeProblem(string value) => Declared.Type switch
        {
            OptionType.Integer when !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) || value.StartsWith('+') => $"\"{value}\" must be a whole number",
            OptionType.Boolean when value is not ("true" or "false") => $"\"{value}\" must be true or false",
            OptionType.Duration when !Duration.TryParse(value, out _) => $"\"{value}\" must be a duration such as 90s, 30m or 2h",
            OptionType.Quantity when !Quantity.TryParse(value, out _) => $"\"{value}\" must be a quantity such as 100m, 2Gi or 0.5",
            _ => null,
        };
    }
}
