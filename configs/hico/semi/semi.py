# A fragment over a finetune config: 10 % of the labels of each class. Set other ratios and subsets with options.
train_dataloader = dict(dataset=dict(subset=dict(fraction=0.1, seed=0)))
