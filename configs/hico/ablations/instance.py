# Tables 3 and 4: both branches, instance level alone.
model = dict(projector=dict(levels=('instance', )))
