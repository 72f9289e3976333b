"""What a person starts from: the files of a new pipeline and of a new project, made of templates and of what a file of data holds."""
