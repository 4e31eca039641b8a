"""Of GGUF files, conversions, and files in general."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

MESSAGES = (
    # GGUF files.
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} holds a model of the family {1}; only those of {2} can be imported: take a Qwen3.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} holds {1}, and no model: import the file that holds the model's weights.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "a LoRA adapter"),
    QT_TRANSLATE_NOOP("server_errors", "a projector for images"),
    QT_TRANSLATE_NOOP("server_errors", "an importance matrix"),
    QT_TRANSLATE_NOOP("server_errors", "{0} has {1}, which a Qwen3 does not have."),
    QT_TRANSLATE_NOOP("server_errors", "{0}; it must be a number."),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no {1}; download it again."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} has {1} and keys of {2} numbers; in a Qwen3 they are equal."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} has pooling_type {1}; a Qwen3 embeds with the last token (3) or ranks (4).",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} has rope.scaling.type {1}; those supported are none, linear and yarn."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} is one of {1} files and its name says {2}; give the files back their names, or "
        "download them again if they were joined.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} holds {1} a second time; download it again."),
    QT_TRANSLATE_NOOP("server_errors", "{0} holds {1}, which a Qwen3 of its shape does not have."),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no tensor {1}; download it again."),
    QT_TRANSLATE_NOOP("server_errors", "{0} has shape {1}, its metadata asks for {2}."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} is quantized with type {1}, which cannot be read: download the model in another "
        "quantization, such as Q4_K_M.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} has rows of {1} numbers, which {2} cannot hold."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is truncated: {1} is cut off; download it again."),
    QT_TRANSLATE_NOOP("server_errors", "{0} cannot be read: {1}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} got shorter while being read."),
    QT_TRANSLATE_NOOP("server_errors", "The tokenizer in {0} cannot be used: {1}"),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} has a tokenizer of the kind {1}; a Qwen3's is gpt2, with its tokens in the file.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} has {1} tokens and not as many token types."),
    QT_TRANSLATE_NOOP("server_errors", "{0} splits words as {1}; known are {2}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} has no merges of tokens; download it again."),
    QT_TRANSLATE_NOOP("server_errors", "{0} lists a token twice; download it again."),
    QT_TRANSLATE_NOOP("server_errors", "There is no file {0}: name a .gguf file, or ollama:NAME."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} consists of a model and {1}, which cannot be imported."
    ),
    QT_TRANSLATE_NOOP("server_errors", "Ollama has no model {0}: there are {1}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} names no GGUF file: pull the model again with Ollama."),
    # Conversions.
    QT_TRANSLATE_NOOP("server_errors", "{0} is not a new folder: give the folder to write a name."),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} overlaps the source folder {1}: choose another folder."
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} is a file: choose a folder for {1}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} already exists: choose another folder, or delete it."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} needs {1}, but only {2} are free there: free some space, or choose another disk.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "The disk of {0} is full; nothing was left there: free {1} and try again."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} The weights are written but could not be measured: use --resume without --evaluate.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} does not look like an interrupted conversion: nothing was deleted; look into it, and "
        "delete it yourself.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} does not have the planned size."),
    QT_TRANSLATE_NOOP("server_errors", "{0} is longer than what was written; convert again."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} differs from what was written: the disk may be failing; convert again, to another "
        "disk.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} is damaged: delete {1} and convert again."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "The interrupted conversion in {0} had another source or other options: use the same "
        "ones, or --discard to start over.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} holds files that are not a conversion's: move or delete it."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} was not written by the conversion, and nothing was deleted: move it elsewhere, and "
        "try again.",
    ),
    QT_TRANSLATE_NOOP("server_errors", "{0} differs from what was written; convert again."),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "{0} is not a folder of yours, and the conversion needs that name: move it, or choose "
        "another place.",
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "{0} is not an ordinary file: delete {1} and convert again."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors", "Another run is writing {0}: wait for it, or choose another folder."
    ),
    QT_TRANSLATE_NOOP(
        "server_errors",
        "A conversion to {0} was interrupted: use --resume to continue it, or --discard to delete "
        "it.",
    ),
    # The system's reasons.
    QT_TRANSLATE_NOOP("server_errors", "No space left on device"),
    QT_TRANSLATE_NOOP("server_errors", "Permission denied"),
    QT_TRANSLATE_NOOP("server_errors", "Operation not permitted"),
    QT_TRANSLATE_NOOP("server_errors", "Read-only file system"),
    QT_TRANSLATE_NOOP("server_errors", "No such file or directory"),
    QT_TRANSLATE_NOOP("server_errors", "Not a directory"),
    QT_TRANSLATE_NOOP("server_errors", "Is a directory"),
    QT_TRANSLATE_NOOP("server_errors", "File exists"),
    QT_TRANSLATE_NOOP("server_errors", "Directory not empty"),
    QT_TRANSLATE_NOOP("server_errors", "Input/output error"),
    QT_TRANSLATE_NOOP("server_errors", "it is read-only"),
    QT_TRANSLATE_NOOP("server_errors", "this user has no home folder"),
)
