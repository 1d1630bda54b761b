# Fish completion for promshm-gc(1).

complete -c promshm-gc -f -a '(__fish_complete_directories)'
complete -c promshm-gc -l compact -d 'Fold what dead processes counted'
complete -c promshm-gc -l gauge-all -d 'Remove gauges of mode all, too'
complete -c promshm-gc -l purge -d 'Remove everything of dead processes'
complete -c promshm-gc -l startup -d 'Remove what earlier processes left'
complete -c promshm-gc -l pid -x -d 'Clean up after this process only'
complete -c promshm-gc -l min-age -x -d 'Leave younger files alone'
complete -c promshm-gc -l watch -x -d 'Do it again every so many seconds'
complete -c promshm-gc -l wait -d 'Wait for another cleaner'
complete -c promshm-gc -l force -d 'Act on processes of unknown state, too'
complete -c promshm-gc -l proc -x -d 'Look processes up in this directory' \
    -a '(__fish_complete_directories)'
complete -c promshm-gc -s n -l dry-run -d 'Print what would be done'
complete -c promshm-gc -s o -l output -x -d 'Choose the output format' -a "
    table\t'For people'
    json\t'One JSON object'"
complete -c promshm-gc -s h -l help -d 'Print a summary of the options'
complete -c promshm-gc -l version -d 'Print the version'
