# Fish completion for promshm-dump(1).

function __promshm_dump_sources -d 'Directories and metric files'
    __fish_complete_suffix .db | string match -r '.*(?:/|\.db)$'
end

complete -c promshm-dump -f -a '(__promshm_dump_sources)'
complete -c promshm-dump -s o -l output -x -d 'Choose the output format' -a "
    table\t'One line a family, for people'
    prometheus\t'Prometheus text format 0.0.4'
    openmetrics\t'OpenMetrics 1.0.0'
    json\t'One JSON object'
    raw\t'One entry a line, as stored'"
complete -c promshm-dump -s h -l help -d 'Print a summary of the options'
complete -c promshm-dump -l version -d 'Print the version'
