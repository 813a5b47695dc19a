"""Models: one pool of them, their prices, and what can go wrong.

Start at `pool.ModelPool`; a direct answer is `answer.stream_answer`.
"""
