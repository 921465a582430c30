using System.CommandLine;

namespace Sluice.Cli;

/// <summary>
/// <c>sluice completion SHELL</c>: a script that asks this program itself what may follow (<see cref="SuggestAction"/>), so
/// that it never has to be written again. Where the program suggests nothing, shells complete file names.
/// </summary>
internal static class CompletionCommand
{
    // `line` ends at the cursor, so that the position is its length.
    // Bash splits words at ":" and "=": neither occurs in what is suggested.
    private const string Bash = """
        # bash completion of sluice. Load it with: source <(sluice completion bash)
        _sluice() {
            local line="${COMP_LINE:0:COMP_POINT}" word="${COMP_WORDS[COMP_CWORD]}" candidate
            COMPREPLY=()
            while IFS= read -r candidate; do
                [[ $candidate == "$word"* ]] && COMPREPLY+=("$candidate")
            done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
        }
        complete -o bashdefault -o default -F _sluice sluice
        """;

    private const string Zsh = """
        #compdef sluice
        # zsh completion of sluice. Load it with: source <(sluice completion zsh)
        # or put it into a directory of $fpath as _sluice.
        _sluice() {
            local line="${BUFFER[1,CURSOR]}"
            local -a candidates
            candidates=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            candidates=("${(@)candidates:#}")
            (( ${#candidates} )) && compadd -- "${candidates[@]}" || _files
        }
        if [[ "${funcstack[1]}" == "_sluice" ]]; then
            _sluice "$@"
        else
            compdef _sluice sluice
        fi
        """;

    private const string Fish = """
        # fish completion of sluice. Load it with: sluice completion fish | source
        function __sluice_complete
            set --local line (commandline --current-process --cut-at-cursor | string collect)
            set --local program (commandline --current-process --tokenize)[1]
            $program "[suggest:"(string length -- $line)"]" $line 2>/dev/null
        end
        complete --command sluice --arguments '(__sluice_complete)'
        """;

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish", HelpName = "bash|zsh|fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new ExampleCommand("completion", "Print a script for a shell that completes commands and options.")
        {
            Examples =
            [
                ("In this bash session", "source <(sluice completion bash)"),
                ("In every zsh session", "sluice completion zsh > \"${fpath[1]}/_sluice\""),
                ("In every fish session", "sluice completion fish > ~/.config/fish/completions/sluice.fish"),
            ],
        };
        command.Arguments.Add(shell);
        command.SetAction(parsed =>
        {
            terminal.Out.WriteLine(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return ExitCode.Done;
        });
        return command;
    }
}
