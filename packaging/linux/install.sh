#!/bin/sh
# Adds the app to the desktop's menu and `qwen3mlx` to ~/.local/bin; with --remove, takes both away.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
menu=$data/applications/qwen3mlx.desktop icon=$data/icons/hicolor/256x256/apps/qwen3mlx.png
command=$HOME/.local/bin/qwen3mlx

if [ "${1:-}" = --remove ]; then
    rm -f "$menu" "$icon"
    [ ! -L "$command" ] || rm -f "$command"
    echo "Removed from the menu and from ~/.local/bin. Conversations and models stay."
    exit
fi
if [ -e "$command" ] && [ ! -L "$command" ]; then
    echo "$command is another program: move it away, then run this again." >&2
    exit 1
fi
mkdir -p "${menu%/*}" "${icon%/*}" "${command%/*}"
cp "$here/qwen3mlx.png" "$icon"
# In a desktop file, a command is quoted and some characters in it have a backslash.
quoted=$(printf %s "$here" | sed 's/[\\"`$]/\\\\&/g; s/%/%%/g')
while IFS= read -r line; do
    case $line in
    Exec=*) printf 'Exec="%s/qwen3mlx" app %%u\n' "$quoted" ;;
    *) printf '%s\n' "$line" ;;
    esac
done <"$here/qwen3mlx.desktop" >"$menu"
ln -sf "$here/qwen3mlx" "$command"
echo "Added to the menu; \`qwen3mlx\` is in ~/.local/bin."
