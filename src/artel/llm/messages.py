"""What a person reads when a model's call failed: what happened, what it means, what to do next, in both languages.

Keys are error codes, or "code:variant" where one code has several causes worth telling apart. Fields in braces:
`provider` (its label), `model` and `limit` (money, as "$1.23").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Locale = Literal["en", "ru"]

MESSAGES: Final[Mapping[str, Mapping[Locale, str]]] = {
    "model_unreachable": {
        "en": "{provider} cannot be reached. Check its address and that it is running, or choose another model.",
        "ru": "{provider} недоступен. Проверьте адрес и что сервер запущен, или выберите другую модель.",
    },
    "model_unreachable:lost": {
        "en": "The connection to {provider} was lost before the answer was complete. Try again.",
        "ru": "Связь с {provider} прервалась, ответ не завершён. Попробуйте ещё раз.",
    },
    "model_unreachable:address": {
        "en": "The address of {provider} is not allowed: it leads to this machine or a private network. "
        "Enter a public address, or ask the administrator to allow it.",
        "ru": "Адрес {provider} не разрешён: он ведёт на эту машину или в частную сеть. "
        "Укажите публичный адрес или попросите администратора разрешить его.",
    },
    "model_unreachable:provider": {
        "en": "There is no model provider named {provider} here. Choose another model for this agent.",
        "ru": "Поставщика моделей {provider} здесь нет. Выберите агенту другую модель.",
    },
    "model_timeout": {
        "en": "{provider} did not answer in time. Try again, or choose a faster model.",
        "ru": "{provider} не ответил вовремя. Попробуйте ещё раз или выберите модель быстрее.",
    },
    "model_timeout:idle": {
        "en": "{provider} stopped in the middle of the answer. Try again.",
        "ru": "{provider} замолчал посреди ответа. Попробуйте ещё раз.",
    },
    "model_timeout:total": {
        "en": "The answer took longer than is allowed here and was stopped. Ask for less at once, or try again.",
        "ru": "Ответ занял больше разрешённого времени и был остановлен. Попросите меньше за раз или повторите.",
    },
    "model_key_refused": {
        "en": "{provider} did not accept the key. Enter a valid key for {provider}, or choose another model.",
        "ru": "{provider} не принял ключ. Введите действующий ключ {provider} или выберите другую модель.",
    },
    "model_key_missing": {
        "en": "{provider} needs a key and none is set. Enter your key for {provider}, or choose another model.",
        "ru": "Для {provider} нужен ключ, а он не задан. Введите свой ключ {provider} или выберите другую модель.",
    },
    "model_key_missing:address": {
        "en": "{provider} needs the address of its server and none is set. Enter it, or choose another model.",
        "ru": "Для {provider} нужен адрес сервера, а он не задан. Укажите его или выберите другую модель.",
    },
    "model_unknown": {
        "en": "{provider} has no model named {model}, or this key may not use it. Choose another model.",
        "ru": "У {provider} нет модели {model}, или она недоступна этому ключу. Выберите другую модель.",
    },
    "model_rate_limited": {
        "en": "{provider} limits how often it may be asked. Wait a little and try again.",
        "ru": "{provider} ограничивает частоту запросов. Подождите немного и попробуйте ещё раз.",
    },
    "model_rate_limited:quota": {
        "en": "The account at {provider} has no money or quota left. Top it up, or choose another model.",
        "ru": "На счёте {provider} закончились деньги или квота. Пополните его или выберите другую модель.",
    },
    "model_rate_limited:queue": {
        "en": "Too many requests to {provider} are waiting on this server. Try again in a moment.",
        "ru": "Слишком много запросов к {provider} ждут очереди на этом сервере. Попробуйте чуть позже.",
    },
    "model_overloaded": {
        "en": "{provider} is overloaded or has a fault of its own. Try again in a moment, or choose another model.",
        "ru": "{provider} перегружен или неисправен. Попробуйте чуть позже или выберите другую модель.",
    },
    "model_bad_answer": {
        "en": "{provider} sent something that is not an answer. Check that the address is of its API, or try again.",
        "ru": "{provider} прислал не ответ модели. Проверьте, что указан адрес API, или попробуйте ещё раз.",
    },
    "model_bad_answer:page": {
        "en": "No model is at the address of {provider}: a web page or nothing. It usually ends with /v1: check it.",
        "ru": "По адресу {provider} нет модели: там веб-страница или ничего. Обычно адрес кончается на /v1: проверьте.",
    },
    "model_bad_answer:empty": {
        "en": "{model} gave an empty answer. Try again or put the request in other words.",
        "ru": "{model} дала пустой ответ. Попробуйте ещё раз или переформулируйте запрос.",
    },
    "model_bad_answer:cut_off": {
        "en": "{provider} broke the answer off before its end. Try again.",
        "ru": "{provider} оборвал ответ до конца. Попробуйте ещё раз.",
    },
    "model_bad_answer:huge": {
        "en": "{provider} sent more than an answer can hold, so it was stopped.",
        "ru": "{provider} прислал больше, чем может быть в ответе, поэтому он остановлен.",
    },
    "model_bad_answer:length": {
        "en": "{model} used up the allowed length before it wrote anything. Allow a longer answer for this agent.",
        "ru": "{model} исчерпала разрешённую длину, ничего не написав. Разрешите агенту ответы длиннее.",
    },
    "model_context_too_long": {
        "en": "The conversation is too long for {model}. Start a new chat, or choose a model with a longer context.",
        "ru": "Разговор слишком длинный для {model}. Начните новый чат или выберите модель с большим контекстом.",
    },
    "model_refused": {
        "en": "{model} refused to answer this request. Put it in other words.",
        "ru": "{model} отказалась отвечать на этот запрос. Переформулируйте его.",
    },
    "model_refused:request": {
        "en": "{provider} refused the request. Check the agent's settings, such as temperature, length and tools.",
        "ru": "{provider} отклонил запрос. Проверьте настройки агента: температуру, длину ответа, инструменты.",
    },
    "model_refused:content": {
        "en": "{model} cannot be sent a file of this kind here. Send text or pictures, or choose another model.",
        "ru": "Файл такого вида модели {model} отсюда не отправить. Отправьте текст или картинки или смените модель.",
    },
    "budget_exceeded": {
        "en": "The budget is spent, so the work was stopped. Raise the budget to go on.",
        "ru": "Бюджет исчерпан, работа остановлена. Увеличьте бюджет, чтобы продолжить.",
    },
    "budget_exceeded:run": {
        "en": "The budget of this run ({limit}) is spent, so the work was stopped. Raise the budget of a run in the "
        "orchestrator's settings and try again.",
        "ru": "Бюджет этого запуска ({limit}) исчерпан, работа остановлена. Увеличьте бюджет запуска в настройках "
        "оркестратора и повторите.",
    },
    "budget_exceeded:month": {
        "en": "Your budget for this month ({limit}) is spent, so the work was stopped. Raise the monthly budget and "
        "try again, or wait for the next month.",
        "ru": "Ваш бюджет на этот месяц ({limit}) исчерпан, работа остановлена. Увеличьте бюджет на месяц и повторите "
        "или дождитесь следующего месяца.",
    },
    "limit_reached": {
        "en": "A limit of this account is reached, so the work was stopped. Ask the administrator for more.",
        "ru": "Достигнут лимит этой учётной записи, работа остановлена. Попросите администратора увеличить его.",
    },
    "limit_reached:day": {
        "en": "The tokens that this account may use in a day ({limit}) are used up, so the work was stopped. Try again "
        "after {free_at}, or ask the administrator for more.",
        "ru": "Токены, доступные этой учётной записи в день ({limit}), израсходованы, работа остановлена. Повторите "
        "после {free_at} или попросите администратора увеличить лимит.",
    },
    "limit_reached:month": {
        "en": "The tokens that this account may use in a month ({limit}) are used up, so the work was stopped. Try "
        "again after {free_at}, or ask the administrator for more.",
        "ru": "Токены, доступные этой учётной записи в месяц ({limit}), израсходованы, работа остановлена. Повторите "
        "после {free_at} или попросите администратора увеличить лимит.",
    },
    "agent_inactive": {
        "en": "The agent is switched off. Switch it on in its settings and try again.",
        "ru": "Агент выключен. Включите его в настройках и повторите.",
    },
    "agent_deleted": {
        "en": "The agent was deleted, so its work was stopped.",
        "ru": "Агент удалён, его работа остановлена.",
    },
    "interrupted": {
        "en": "The server stopped while this answer was being written. Try again.",
        "ru": "Сервер остановился, пока писался этот ответ. Попробуйте ещё раз.",
    },
    "internal": {
        "en": "Something went wrong on this server. Try again; if it happens again, tell the administrator.",
        "ru": "На сервере что-то пошло не так. Попробуйте ещё раз; если повторится, сообщите администратору.",
    },
}

_PROVIDER_SAYS: Final[Mapping[Locale, str]] = {"en": "It says: {text}", "ru": "Он сообщает: {text}"}


def message_for(
    code: str,
    locale: str = "en",
    *,
    variant: str | None = None,
    provider: str = "",
    model: str = "",
    limit: str = "",
    free_at: str = "",
    says: str | None = None,
) -> str:
    """The message of an error code; locales other than "ru" are English, an unknown variant is the plain code.

    says: the provider's own words, already made safe.

    Raises:
        KeyError: there is no such code.
    """
    language: Locale = "ru" if locale == "ru" else "en"
    texts = MESSAGES.get(f"{code}:{variant}") or MESSAGES[code]
    fallback_provider = "Поставщик модели" if language == "ru" else "The model's provider"
    fallback_model = "Модель" if language == "ru" else "The model"
    text = texts[language].format(
        provider=provider or fallback_provider, model=model or fallback_model, limit=limit, free_at=free_at
    )
    return f"{text} {_PROVIDER_SAYS[language].format(text=says)}" if says else text
