locals {
  # Every hour a stream that has ended is started again; marts are renewed in the morning, as on the platform.
  schedules = {
    stream = { job = google_cloud_run_v2_job.all["stream"].name, cron = "7 * * * *", paused = !var.streams }
    marts  = { job = google_cloud_run_v2_job.all["marts"].name, cron = "0 6 * * *", paused = true }
  }
}

resource "google_cloud_scheduler_job" "all" {
  for_each = local.schedules

  name      = "termtide-${each.key}"
  region    = var.region
  schedule  = each.value.cron
  time_zone = "Etc/UTC"
  paused    = each.value.paused

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${var.project}/locations/${var.region}/jobs/${each.value.job}:run"

    oauth_token {
      service_account_email = google_service_account.schedule.email
    }
  }

  retry_config {
    retry_count = 1
  }

  depends_on = [google_cloud_run_v2_job_iam_member.schedule]
}
