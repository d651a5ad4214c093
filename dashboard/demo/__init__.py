"""The demo: queues at work in a database of their own, so that there is something to look at.

`mark` decides whether a database may be used, `process` runs the workload as a child of the server; everything else
runs in that child: `seed` sets the stage, `workload` keeps it moving, `queues` says what each queue is like,
`broken` makes those that a check finds something wrong with.
"""
