// One browser at a time: each takes as much memory as a trainer.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
