"""The recipe of the embedded demo checkpoints: data, tokenizer, training, export, score."""
