"""Gradients against slopes: functions, layers, models, hand-written code."""
