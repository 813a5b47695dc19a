{{/* A variable from a secret: (dict "name" "X" "secret" "s" "key" "k") */}}
{{- define "artel.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .secret }}, key: {{ .key }} }
{{- end }}

{{/* One variable with all URLs of several keys: (dict "root" . "name" "DATABASE_URL" "part" "SHARD" "keys" list) */}}
{{- define "artel.urls" -}}
{{- $urls := list }}
{{- range $position, $key := .keys }}
{{- $part := printf "%s_%d" $.part (add1 $position) }}
{{ include "artel.fromSecret" (dict "name" $part "secret" $.root.Values.database.existingSecret "key" $key) }}
{{- $urls = append $urls (printf "$(%s)" $part) }}
{{- end }}
- name: {{ .name }}
  value: {{ join "," $urls | quote }}
{{- end }}

{{- define "artel.secretKeyEnv" -}}
{{ include "artel.fromSecret" (dict "name" "ARTEL_SECRET_KEY" "secret" (include "artel.secret" .) "key" .Values.secrets.keys.secretKey) }}
{{- end }}

{{/* Redis, for the migration too: with both stores named, Artel starts none of its own. */}}
{{- define "artel.redisEnv" -}}
{{- if .Values.valkey.enabled }}
{{- include "artel.fromSecret" (dict "name" "VALKEY_PASSWORD" "secret" (include "artel.secret" .) "key" .Values.secrets.keys.valkeyPassword) }}
- name: REDIS_URL
  value: redis://:$(VALKEY_PASSWORD)@{{ include "artel.fullname" . }}-valkey:6379/0
{{- else }}
{{- include "artel.fromSecret" (dict "name" "REDIS_URL" "secret" (required "valkey.existingSecret: where REDIS_URL stands, since valkey.enabled is false" .Values.valkey.existingSecret) "key" .Values.valkey.urlKey) }}
{{- end }}
{{- end }}

{{/* The databases as API and workers reach them: never as an administrator. */}}
{{- define "artel.databaseEnv" -}}
{{- if .Values.postgresql.enabled }}
- name: DATABASE_URL
  value: postgresql://{{ include "artel.fullname" . }}-postgresql:5432/artel
{{- else }}
{{- $_ := required "database.existingSecret: where DATABASE_URL stands, since postgresql.enabled is false" .Values.database.existingSecret }}
{{- include "artel.urls" (dict "root" . "name" "DATABASE_URL" "part" "SHARD" "keys" .Values.database.urlKeys) }}
{{- if .Values.database.rolesExist }}
# That it is set says that the URLs are used as they are; who does not migrate never connects to it.
- name: ARTEL_MIGRATION_URL
  value: $(DATABASE_URL)
{{- end }}
{{- end }}
{{- end }}

{{- define "artel.migrationEnv" -}}
{{ include "artel.secretKeyEnv" . }}
{{ include "artel.redisEnv" . }}
{{- with .Values.metrics.grafana.existingSecret }}
{{ include "artel.fromSecret" (dict "name" "ARTEL_GRAFANA_PASSWORD" "secret" . "key" $.Values.metrics.grafana.passwordKey) }}
{{- end }}
{{- if .Values.postgresql.enabled }}
{{ include "artel.fromSecret" (dict "name" "POSTGRES_PASSWORD" "secret" (include "artel.secret" .) "key" .Values.secrets.keys.postgresPassword) }}
- name: DATABASE_URL
  value: postgresql://postgres:$(POSTGRES_PASSWORD)@{{ include "artel.fullname" . }}-postgresql:5432/artel
{{- else if .Values.database.rolesExist }}
{{- include "artel.urls" (dict "root" . "name" "DATABASE_URL" "part" "SHARD" "keys" .Values.database.urlKeys) }}
{{- include "artel.urls" (dict "root" . "name" "ARTEL_MIGRATION_URL" "part" "MIGRATOR" "keys" .Values.database.migrationUrlKeys) }}
{{- else }}
{{- include "artel.urls" (dict "root" . "name" "DATABASE_URL" "part" "SHARD" "keys" (.Values.database.migrationUrlKeys | default .Values.database.urlKeys)) }}
{{- end }}
{{- end }}

{{/* Everything that API and workers are told. */}}
{{- define "artel.env" -}}
{{ include "artel.secretKeyEnv" . }}
{{ include "artel.databaseEnv" . | trim }}
{{ include "artel.redisEnv" . }}
{{- if .Values.qdrant.enabled }}
- name: QDRANT_URL
  value: http://{{ include "artel.fullname" . }}-qdrant:6333
{{ include "artel.fromSecret" (dict "name" "QDRANT_API_KEY" "secret" (include "artel.secret" .) "key" .Values.secrets.keys.qdrantApiKey) }}
{{- else if .Values.qdrant.url }}
- name: QDRANT_URL
  value: {{ .Values.qdrant.url | quote }}
{{- with .Values.qdrant.existingSecret }}
{{ include "artel.fromSecret" (dict "name" "QDRANT_API_KEY" "secret" . "key" $.Values.qdrant.apiKeyKey) }}
{{- end }}
{{- end }}
{{- with .Values.metrics.existingSecret }}
{{ include "artel.fromSecret" (dict "name" "ARTEL_METRICS_TOKEN" "secret" . "key" $.Values.metrics.tokenKey) }}
{{- end }}
- name: ARTEL_DRAIN_SECONDS
  value: {{ .Values.drainSeconds | quote }}
- name: ARTEL_FIND_LOCAL_MODELS
  value: "false"
{{- if .Values.ingress.enabled }}
{{- if not (hasKey .Values.config "ARTEL_PUBLIC_URL") }}
- name: ARTEL_PUBLIC_URL
  value: {{ ternary "https" "http" (not (empty .Values.ingress.tls.secretName)) }}://{{ .Values.ingress.host }}
{{- end }}
{{- if not (hasKey .Values.config "ARTEL_TRUSTED_PROXIES") }}
- name: ARTEL_TRUSTED_PROXIES
  value: 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7
{{- end }}
{{- end }}
{{- range $name, $value := .Values.config }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}
