"""What bodies of several dialects have in common: fields, tools, forms of the answer."""
