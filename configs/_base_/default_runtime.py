default_scope = 'mmaction'
custom_imports = dict(imports=['hico_mm'])

default_hooks = dict(
    runtime_info=dict(type='AsyncRuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # The previous checkpoint is kept until the new one is written. Epochs shorter than this are not all saved.
    checkpoint=dict(type='TimedCheckpointHook', interval=1, seconds=30, max_keep_ckpts=2, save_best='acc/top1',
                    rule='greater', backend_args=dict(backend='AtomicLocalBackend')),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    step_seed=dict(type='StepSeedHook'),
    # Each process has its own running statistics of batch norm: take their mean after every epoch.
    sync_buffers=dict(type='SyncBuffersHook'),
    gallery=dict(type='GalleryHook'),
    interrupt=dict(type='InterruptHook', minutes=30),
    finite_loss=dict(type='FiniteLossHook'),
    mean_loss=dict(type='MeanLossHook'),
    rank_watch=dict(type='RankWatchHook', minutes=10),
    data_check=dict(type='DataCheckHook'),
    checkpoint_fit=dict(type='CheckpointFitHook'),
    exact_resume=dict(type='ExactResumeHook'),
    frozen_weights=dict(type='FrozenWeightsHook'),
    checkpoint_description=dict(type='CheckpointDescriptionHook'))

env_cfg = dict(cudnn_benchmark=False, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
               dist_cfg=dict(backend='nccl'))
# Every queue gets the keys of all ranks, so buffers need not be broadcast in every step.
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False)

# Without this, MMEngine only logs the contrast accuracy of the last step.
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True, custom_cfg=[
    dict(data_src='acc_clip', method_name='mean', window_size=20),
    dict(data_src='acc_part', method_name='mean', window_size=20),
    dict(data_src='acc_temporal', method_name='mean', window_size=20),
    dict(data_src='acc_spatial', method_name='mean', window_size=20),
    dict(data_src='acc_instance', method_name='mean', window_size=20)])
visualizer = dict(
    type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])

log_level = 'INFO'
load_from = None
resume = False
