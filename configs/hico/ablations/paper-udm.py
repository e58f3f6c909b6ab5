# The UDM of the paper (dense, normalised after the ReLU) and its embedding without norm, unlike the released code.
model = dict(backbone=dict(norm=False), neck=dict(udm=dict(depthwise=False, norm_first=False)))
