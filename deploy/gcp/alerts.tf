resource "google_monitoring_notification_channel" "mail" {
  count = var.alerts_to == "" ? 0 : 1

  display_name = "Termtide"
  type         = "email"
  labels       = { email_address = var.alerts_to }
  user_labels  = local.labels
}

resource "google_monitoring_alert_policy" "dead" {
  count = var.alerts_to == "" ? 0 : 1

  display_name          = "Termtide: messages that BigQuery did not take"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.mail[*].id
  user_labels           = local.labels

  conditions {
    display_name = "a dead letter lies there"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "300s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
}

resource "google_monitoring_alert_policy" "failed" {
  count = var.alerts_to == "" ? 0 : 1

  display_name          = "Termtide: a job failed"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.mail[*].id
  user_labels           = local.labels

  conditions {
    display_name = "an execution failed"

    condition_threshold {
      filter          = "resource.type = \"cloud_run_job\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_SUM"
      }
    }
  }
}
