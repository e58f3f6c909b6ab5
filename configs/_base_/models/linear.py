# A classifier on a frozen encoder, which comes from the checkpoint.
model = dict(
    type='SkeletonRecognizer', frozen=('backbone', 'neck'), cls_head=dict(type='HierarchicalClsHead'))
