"""Experiment trackers and stores of artifacts behind one port; none ever stops a training."""
