resource "google_pubsub_topic" "events" {
  name   = "termtide"
  labels = local.labels

  # So that what has been sent can be had again: seek a subscription back.
  message_retention_duration = "86400s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.all]
}

resource "google_pubsub_topic" "dead" {
  name                       = "termtide-dead"
  labels                     = local.labels
  message_retention_duration = "604800s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.all]
}

# Every message as it came, with what Pub/Sub knows of it, straight into a table.
resource "google_pubsub_subscription" "raw" {
  name                       = "termtide-raw"
  topic                      = google_pubsub_topic.events.id
  labels                     = local.labels
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"

  bigquery_config {
    table          = "${var.project}.${google_bigquery_table.raw.dataset_id}.${google_bigquery_table.raw.table_id}"
    write_metadata = true
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 10
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = "" # never
  }

  # The agent must be able to write before it is told to.
  depends_on = [google_bigquery_table_iam_member.pubsub]
}

# Looked at by people, and counted by the alert.
resource "google_pubsub_subscription" "dead" {
  name                       = "termtide-dead"
  topic                      = google_pubsub_topic.dead.id
  labels                     = local.labels
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = "" # never
  }
}

# For a pipeline of one's own.
resource "google_pubsub_subscription" "pull" {
  name                       = "termtide-pull"
  topic                      = google_pubsub_topic.events.id
  labels                     = local.labels
  ack_deadline_seconds       = 60
  message_retention_duration = "86400s"

  expiration_policy {
    ttl = "" # never
  }
}
