"""Models: training, walk-forward evidence, drift. The serving side stays light; training is imported where it is used."""
