# Fish completion for promshm-merge(1).

complete -c promshm-merge -f -a '(__fish_complete_directories)'
complete -c promshm-merge -l into -x -d 'Merge into this new directory' \
    -a '(__fish_complete_directories)'
complete -c promshm-merge -l min-age -x -d 'Leave younger files alone'
complete -c promshm-merge -l wait -d 'Wait for another cleaner'
complete -c promshm-merge -l force -d 'Act on processes of unknown state, too'
complete -c promshm-merge -l proc -x -d 'Look processes up in this directory' \
    -a '(__fish_complete_directories)'
complete -c promshm-merge -s n -l dry-run -d 'Print what would be done'
complete -c promshm-merge -s o -l output -x -d 'Choose the output format' -a "
    table\t'For people'
    json\t'One JSON object'"
complete -c promshm-merge -s h -l help -d 'Print a summary of the options'
complete -c promshm-merge -l version -d 'Print the version'
