"""Side-by-side runs against mlx-lm: same checkpoint, same dtype, alternating, two processes."""
