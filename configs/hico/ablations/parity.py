# The settings of the authors' code as measured on NW-UCLA: clip and part queues that wrap after K keys, and clips
# centered on their first frame, including lost joints.
first_frame = dict(dataset=dict(load_pipeline=[
    dict(type='NormalizeSkeleton', center='first_frame', lost_joints='released')]))
train_dataloader = first_frame
val_dataloader = first_frame
test_dataloader = first_frame
model = dict(head=dict(wrap_at='queue_length'))
