# The released code's clip and part queues, of which 3/4 never change, in place of a true FIFO.
_base_ = '../hico_gru_nwucla.py'
model = dict(head=dict(active=2048))
