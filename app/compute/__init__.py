"""Running experiments: what they cost, one flight per spec, a cache, deadlines and cancellation."""
