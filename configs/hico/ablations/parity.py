# The authors' code as it was measured on NW-UCLA: its clip and part queues, which wrap after K keys, and clips
# centred on their first frame, joints that were lost included.
first_frame = dict(dataset=dict(load_pipeline=[
    dict(type='NormalizeSkeleton', center='first_frame', lost_joints='released')]))
train_dataloader = first_frame
val_dataloader = first_frame
test_dataloader = first_frame
model = dict(head=dict(wrap_at='queue_length'))
