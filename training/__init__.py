"""How the embedded demo checkpoints are made: data, tokenizer, training, export, score."""
