variable "project" {
  description = "Project to deploy to. It should hold nothing else: see \"Protecting production\" in deploy/README.md."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and dashes."
  }

  validation {
    condition     = !can(regex("(^|-)(prod|production|live)(-|$)", var.project)) || var.is_production_meant
    error_message = "This project's name says production. Set is_production_meant = true if synthetic data is meant to be there."
  }
}

variable "is_production_meant" {
  description = "Deploy although the project's name says production."
  type        = bool
  default     = false
}

variable "region" {
  description = "Where jobs, topic and state are."
  type        = string
  default     = "us-central1"
}

variable "location" {
  description = "Where datasets are: a region or US, EU. It can't be changed later."
  type        = string
  default     = "US"
}

variable "prefix" {
  description = "Before the names of all datasets, such as test_; empty: their names on the Unizin Data Platform."
  type        = string
  default     = ""
}

variable "image" {
  description = "The image with its digest, REGION-docker.pkg.dev/PROJECT/termtide/termtide@sha256:..."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest, so that a stream goes on with the program that began it."
  }
}

variable "readers" {
  description = "E-mail address of the group that may read the datasets; empty: nobody but the project's own."
  type        = string
  default     = ""
}

variable "alerts_to" {
  description = "E-mail address that hears of failed jobs and dead letters; empty: nobody."
  type        = string
  default     = ""
}

variable "fte" {
  description = "Size of the university in student full-time equivalents."
  type        = number
  default     = 1000
}

variable "term" {
  description = "The term, such as Fall 2026."
  type        = string
  default     = "Fall 2026"
}

variable "seed" {
  description = "Seed: the same seed makes the same bytes."
  type        = number
  default     = 1
}

variable "stream_from" {
  description = "Campus time at which the stream begins; the calendar is moved so that this is the day of its first start."
  type        = string
  default     = "2026-10-12T08:00"
}

variable "speed" {
  description = "Campus seconds a second."
  type        = number
  default     = 1
}

variable "streams" {
  description = "Whether the schedule keeps the stream running."
  type        = bool
  default     = true
}

variable "size" {
  description = "Processors and memory of the jobs; files of a container count as memory. deploy/README.md has sizes for 20,000 FTE."
  type = object({
    stream_cpu      = string
    stream_memory   = string
    backfill_cpu    = string
    backfill_memory = string
  })
  default = {
    stream_cpu      = "1"
    stream_memory   = "2Gi"
    backfill_cpu    = "2"
    backfill_memory = "4Gi"
  }
}

variable "stream_view" {
  description = "Whether to make the view event_store_raw.expanded: after the first backfill, when the keymaps are there."
  type        = bool
  default     = false
}
