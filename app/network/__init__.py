"""Your own network, recorded: what goes through any `nn.Module`, beside what it should be, and what to mend.

    record.py       `initscope.record`: the context manager, and what it can do with what it saw
    hooks.py        what is attached to the modules while it lasts
    measure.py      what one pass over one tensor says of it
    team.py         torch's own threads, on which it is made
    modules.py      what a module is to theory: its activation, its channels, its weights and fans
    weighed.py      a module's weights, measured once
    lineage.py      what is known of a tensor, and from which layers it has come
    recording.py    the recording's schema, and how one is read that somebody sends
    expectation.py  what a layer's output should be, given its input and its weights
    chains.py       layers that feed each other alone, one after the other, and what each does to the signal
    diagnosis/      what the numbers say, the first guilty layer, and the line that mends it
    charts/         how they are drawn
    document.py     all of it as one file
    example.py      a recording to look at before one has one's own
    store.py        recordings kept for a link

It needs torch and the instruments; charts and files are made when they are asked for.
"""
