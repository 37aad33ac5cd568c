"""Predictions. numpy only; every formula names its assumptions and its source."""
