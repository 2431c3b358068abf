# Read before each job's command (Snakefile, shell.prefix).
set -euo pipefail

# logged FILE COMMAND...: the command's output goes to FILE; where it fails its last words are shown as well, the one
# line of a mistake that the user can mend, or the end of a traceback.
logged() {
    local file=$1 lines=20 code=0
    shift
    "$@" >>"$file" 2>&1 || code=$?
    if [ "$code" -ne 0 ]; then
        case "$(tail -n 1 "$file")" in error:*) lines=1 ;; esac
        tail -n "$lines" "$file" >&2
    fi
    return "$code"
}
