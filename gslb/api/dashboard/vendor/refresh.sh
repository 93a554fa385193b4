#!/bin/sh
# Fetches the libraries and fonts of the dashboard anew, as published, and writes down what came: `sh refresh.sh` in this folder.
# To take a newer version, change it here; the tests hold every file to SHA256SUMS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# take PACKAGE VERSION FOLDER FILE…   each FILE is path-in-package[=name-here]
take() {
    package=$1 version=$2 folder=$here/$3
    shift 3
    archive=$(cd "$work" && npm pack --silent "$package@$version")
    rm -rf "$work/package" "$folder"
    mkdir -p "$folder"
    tar -xzf "$work/$archive" -C "$work"
    for file in LICENSE "$@"; do
        name=${file##*=}
        [ "$name" != "$file" ] || name=$(basename "$file")
        case $name in
            # a source map that is not there is asked for by every open debugger
            *.mjs | *.js) sed '/^\/\/# sourceMappingURL=/d' "$work/package/${file%%=*}" > "$folder/$name" ;;
            *) cp "$work/package/${file%%=*}" "$folder/$name" ;;
        esac
    done
    echo "$package $version" > "$folder/VERSION"
}

take preact 11.2.0 preact dist/preact.mjs hooks/dist/hooks.mjs
take htm 3.1.1 htm dist/htm.mjs
take uplot 1.6.32 uplot dist/uPlot.esm.js=uplot.mjs dist/uPlot.min.css=uplot.css
take @fontsource-variable/ibm-plex-sans 5.3.0 plex-sans files/ibm-plex-sans-latin-standard-normal.woff2=sans.woff2
take @fontsource/ibm-plex-mono 5.3.0 plex-mono files/ibm-plex-mono-latin-400-normal.woff2=mono-400.woff2 \
    files/ibm-plex-mono-latin-500-normal.woff2=mono-500.woff2

cd "$here"
find . -type f ! -name SHA256SUMS ! -name README.md ! -name refresh.sh | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
