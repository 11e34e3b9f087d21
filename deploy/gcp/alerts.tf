locals {
  # Who is told of what, once alerts_to is set.
  alerts = {
    dead = {
      title   = "messages that BigQuery did not take"
      when    = "a dead letter lies there"
      filter  = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner = "ALIGN_MAX"
      lasting = "300s"
    }
    failed = {
      title   = "a job failed"
      when    = "an execution failed"
      filter  = "resource.type = \"cloud_run_job\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
      aligner = "ALIGN_SUM"
      lasting = "0s"
    }
  }
}

resource "google_monitoring_notification_channel" "mail" {
  count = var.alerts_to == "" ? 0 : 1

  display_name = "Termtide"
  type         = "email"
  labels       = { email_address = var.alerts_to }
  user_labels  = local.labels
}

resource "google_monitoring_alert_policy" "all" {
  for_each = { for name, alert in local.alerts : name => alert if var.alerts_to != "" }

  display_name          = "Termtide: ${each.value.title}"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.mail[*].id
  user_labels           = local.labels

  conditions {
    display_name = each.value.when

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = each.value.lasting

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = each.value.aligner
      }
    }
  }
}
