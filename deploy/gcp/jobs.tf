locals {
  campus    = ["--fte", tostring(var.fte), "--term", var.term, "--seed", tostring(var.seed)]
  warehouse = "bigquery://${var.project}?location=${var.location}${var.prefix == "" ? "" : "&prefix=${var.prefix}"}"
  topic     = "pubsub://${var.project}/${google_pubsub_topic.events.name}"

  jobs = {
    # Streams until the term is over. A container lives at most a day; the schedule starts the next one, which goes on
    # from the journal, and one that is started too early leaves at once.
    stream = {
      account = google_service_account.stream.email
      command = ["python3", "/opt/termtide/share/stream_job.py"]
      args = concat(
        ["--keep", "/state", "--every", "60", "--"],
        ["--to", local.topic, "--speed", tostring(var.speed), "--align-today", "--from", var.stream_from],
        local.campus,
      )
      cpu     = var.size.stream_cpu
      memory  = var.size.stream_memory
      hours   = 24
      retries = 3
      state   = true
    }
    # Loads store and events, a partition at a time; started again, it loads what is missing and nothing twice.
    backfill = {
      account = google_service_account.load.email
      command = ["termtide"]
      args    = concat(["backfill", "--no-marts", "--to", local.warehouse], local.campus)
      cpu     = var.size.backfill_cpu
      memory  = var.size.backfill_memory
      hours   = 12
      retries = 3
      state   = false
    }
    # Builds the marts in BigQuery, of the stores that are there; what of these is missing is loaded first.
    marts = {
      account = google_service_account.load.email
      command = ["termtide"]
      args    = concat(["backfill", "--to", local.warehouse], local.campus)
      cpu     = var.size.backfill_cpu
      memory  = var.size.backfill_memory
      hours   = 12
      retries = 1
      state   = false
    }
  }
}

# What a stream has delivered outlives its container: the journal, copied here every minute.
resource "google_storage_bucket" "state" {
  name                        = "${var.project}-termtide-state"
  location                    = var.region
  labels                      = local.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  # The journal is written anew every minute, and only the newest is of use.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  depends_on = [google_project_service.all]
}

resource "google_cloud_run_v2_job" "all" {
  for_each = local.jobs

  name                = "termtide-${each.key}"
  location            = var.region
  labels              = local.labels
  deletion_protection = false

  template {
    labels = local.labels

    template {
      service_account       = each.value.account
      timeout               = "${each.value.hours * 3600}s"
      max_retries           = each.value.retries
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2" # mounts buckets

      containers {
        image   = var.image
        command = each.value.command
        args    = each.value.args

        resources {
          limits = { cpu = each.value.cpu, memory = each.value.memory }
        }

        dynamic "volume_mounts" {
          for_each = each.value.state ? ["/state"] : []

          content {
            name       = "state"
            mount_path = volume_mounts.value
          }
        }
      }

      dynamic "volumes" {
        for_each = each.value.state ? [google_storage_bucket.state.name] : []

        content {
          name = "state"

          gcs {
            bucket        = volumes.value
            read_only     = false
            mount_options = ["uid=10001", "gid=10001", "metadata-cache-ttl-secs=0"]
          }
        }
      }
    }
  }

  # A job that starts before its account may do anything fails.
  depends_on = [
    google_pubsub_topic_iam_member.stream,
    google_storage_bucket_iam_member.stream,
    google_bigquery_dataset_iam_member.load,
    google_project_iam_member.load,
  ]
}
