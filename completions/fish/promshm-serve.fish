# Fish completion for promshm-serve(1).

complete -c promshm-serve -f -a '(__fish_complete_directories)'
complete -c promshm-serve -l web.listen-address -x -d 'Listen on this address'
complete -c promshm-serve -l web.telemetry-path -x -d 'Serve the metrics under this path'
complete -c promshm-serve -s h -l help -d 'Print a summary of the options'
complete -c promshm-serve -l version -d 'Print the version'
