"""Statistics: tests, intervals, time warp."""
