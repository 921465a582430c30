namespace Sluice.Api.Validation;

public sealed class DataLoadValidator : ResourceValidator<DataLoad>
{
    private const int MaxName = 50;   // with a hash behind it, the Job's name is still a label
    private const int MaxPaths = 100;
    private const int MaxParallel = 64;

    public DataLoadValidator()
    {
        Rule((l, fail) => NameRules.CheckOwnName("metadata.name", l.Metadata.Name, MaxName, fail));
        Rule((l, fail) => NameRules.CheckNamespace("metadata.namespace", l.Metadata.Namespace, fail));
        Rule((l, fail) => NameRules.CheckSubdomain("spec.dataset", l.Spec.Dataset, "a Dataset of the same namespace", fail));
        Rule((l, fail) => CheckPaths(l.Spec.Paths, fail));
        Rule((l, fail) => CheckSchedule(l.Spec, fail));
        Rule((l, fail) => CheckNumbers(l.Spec, fail));
        Rule((l, fail) => ResourceRules.Check("spec.resources", l.Spec.Resources, fail));
    }

    private static void CheckPaths(List<string> paths, Fail fail)
    {
        if (paths.Count > MaxPaths)
            fail("spec.paths", $"holds {paths.Count} paths, of which {MaxPaths} are allowed: use globs or several DataLoads");
        for (var i = 0; i < paths.Count; i++)
        {
            if (PathRules.RelativePathProblem(paths[i]) is { } problem)
                fail($"spec.paths[{i}]", problem);
        }
    }

    private static void CheckSchedule(DataLoadSpec spec, Fail fail)
    {
        if (spec.Schedule is not null && CronSchedule.Problem(spec.Schedule) is { } problem)
            fail("spec.schedule", problem);
        if (spec.TimeZone is null)
            return;
        if (spec.Schedule is null)
            fail("spec.timeZone", "has a meaning only with spec.schedule: remove it or add a schedule");
        else if (spec.TimeZone.Length == 0 || spec.TimeZone == "Local" || !spec.TimeZone.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+'))
            fail("spec.timeZone", $"\"{spec.TimeZone}\" is no time zone: write one such as Europe/Berlin");
    }

    private static void CheckNumbers(DataLoadSpec spec, Fail fail)
    {
        if (spec.Parallelism is < 1 or > MaxParallel)
            fail("spec.parallelism", $"{spec.Parallelism} is not between 1 and {MaxParallel}");
        if (spec.Threads is < 1 or > MaxParallel)
            fail("spec.threads", $"{spec.Threads} is not between 1 and {MaxParallel}");
        if (spec.Retries < 0)
            fail("spec.retries", "must not be negative: 0 means one try");
        if (spec.DeadlineSeconds < 1)
            fail("spec.deadlineSeconds", "must be at least 1: leave it out for no deadline");
        if (spec.TtlSecondsAfterFinished < 0)
            fail("spec.ttlSecondsAfterFinished", "must not be negative");
    }
}
