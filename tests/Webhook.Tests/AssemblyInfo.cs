// Metrics are the process's, not a host's: a page would show the admissions of every webhook that runs beside it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
