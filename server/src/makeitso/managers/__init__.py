"""Managers: who turns goals into plans and judges results. `port` is what runs see."""
