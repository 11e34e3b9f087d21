# One account for each job, without keys: Cloud Run and Cloud Scheduler act as them. Each may do what its job does,
# on the very topic, bucket and datasets that it does it with.

resource "google_service_account" "stream" {
  account_id   = "termtide-stream"
  display_name = "Termtide: streams events"
}

resource "google_service_account" "load" {
  account_id   = "termtide-load"
  display_name = "Termtide: loads tables and builds marts"
}

resource "google_service_account" "schedule" {
  account_id   = "termtide-schedule"
  display_name = "Termtide: starts jobs"
}

# The stream publishes, and looks at the topic's label before.
resource "google_pubsub_topic_iam_member" "stream" {
  for_each = toset(["roles/pubsub.publisher", "roles/pubsub.viewer"])

  topic  = google_pubsub_topic.events.id
  role   = each.value
  member = google_service_account.stream.member
}

resource "google_storage_bucket_iam_member" "stream" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectUser"
  member = google_service_account.stream.member
}

# Jobs of BigQuery are the project's; what they read and write is the datasets'.
resource "google_project_iam_member" "load" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.load.member
}

resource "google_bigquery_dataset_iam_member" "load" {
  for_each = google_bigquery_dataset.udp

  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.load.member
}

resource "google_cloud_run_v2_job_iam_member" "schedule" {
  for_each = google_cloud_run_v2_job.all

  name     = each.value.name
  location = each.value.location
  role     = "roles/run.invoker"
  member   = google_service_account.schedule.member
}

# Pub/Sub itself writes the raw table, and passes on what it can't write.
locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_bigquery_table_iam_member" "pubsub" {
  for_each = toset(["roles/bigquery.dataEditor", "roles/bigquery.metadataViewer"])

  dataset_id = google_bigquery_table.raw.dataset_id
  table_id   = google_bigquery_table.raw.table_id
  role       = each.value
  member     = local.pubsub_agent
}

resource "google_pubsub_topic_iam_member" "dead" {
  topic  = google_pubsub_topic.dead.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "raw" {
  subscription = google_pubsub_subscription.raw.id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# Readers read data, see what there is, and ask at the project's cost.
resource "google_bigquery_dataset_iam_member" "readers" {
  for_each = var.readers == "" ? {} : merge(google_bigquery_dataset.udp, { raw = google_bigquery_dataset.raw })

  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = "group:${var.readers}"
}

resource "google_project_iam_member" "readers" {
  count = var.readers == "" ? 0 : 1

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = "group:${var.readers}"
}
