# Tables 3 and 4: both branches, instance level only.
model = dict(projector=dict(levels=('instance', )))
