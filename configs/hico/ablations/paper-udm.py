# The paper's UDM, dense and normalised after the ReLU, and its embedding without norm; not the released code's.
model = dict(backbone=dict(norm=False), neck=dict(udm=dict(depthwise=False, norm_first=False)))
