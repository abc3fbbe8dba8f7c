package conversation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

// roundWait rounds up to what one would say: minutes, then five of them.
func roundWait(d time.Duration) time.Duration {
	step := time.Minute
	if d > 10*time.Minute {
		step = 5 * time.Minute
	}
	return min(longestWait, max(time.Minute, (d+step-1)/step*step))
}

// lifeTexts are what a customer hears of waiting, in one language. {when}, {n}, {wait}
// and {name} are filled in.
type lifeTexts struct {
	Closed   string // nobody answers at this hour; when they do
	Shut     string // nor is it known when
	Nobody   string // open, and yet nobody is there
	Place    string // in the queue
	Wait     string // typical
	Email    string
	Still    string // what the bot still answers meanwhile
	Idle     string // somebody has left the customer waiting
	Gone     string // whoever had it answers no more
	Meantime string // leads an answer of the bot's to somebody who waits
	Score    string // asks for one, from 1 to 5, below what closes a conversation
	Minutes  string
	Minute   string
	Hours    string
	Hour     string
	Days     [7]string // from Sunday
	Months   [12]string
	Date     string // {day} {d} {month} {time} {zone}
}

var lifePacks = map[string]lifeTexts{
	"en": {
		Closed: "Nobody is here right now: our team is back on {when}.",
		Shut:   "Nobody is here right now, and I can't say when our team is back.",
		Nobody: "Right now none of our team is at their desk, so it may take a while.",
		Place:  "You are number {n} in the queue.", Wait: "A reply usually takes about {wait} at this time.",
		Email:    "Leave your e-mail address, so that we can reach you if you close this page.",
		Still:    "You can go on asking meanwhile: I'll answer what our help pages have an answer to, and you keep your place.",
		Idle:     "{name} couldn't get back to you in time, so I've put you back in the queue for our team, with the time you have waited already.",
		Gone:     "{name} has left the chat, so I've put you back in the queue for our team.",
		Meantime: "While you wait:",
		Score:    "How did it go? Rate it from 1 (poor) to 5 (great).",
		Minutes:  "{n} minutes", Minute: "a minute", Hours: "{n} hours", Hour: "an hour",
		Days:   [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		Months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		Date:   "{day}, {d} {month}, at {time} ({zone} time)",
	},
	"zh": {
		Closed: "现在没有人工客服在线：我们的同事将于{when}回来。",
		Shut:   "现在没有人工客服在线，暂时无法确定同事何时回来。",
		Nobody: "目前没有同事在线，回复可能需要一些时间。",
		Place:  "您在队列中排第 {n} 位。", Wait: "这个时段通常约 {wait}内会有回复。",
		Email:    "请留下您的电子邮箱，这样即使您关闭页面我们也能联系到您。",
		Still:    "等待期间您可以继续提问：帮助页面里有答案的，我会回答，您的排队位置不变。",
		Idle:     "{name} 没能及时回复您，我已将您重新放回人工队列，之前等待的时间会保留。",
		Gone:     "{name} 已离开对话，我已将您重新放回人工队列。",
		Meantime: "在您等待期间：",
		Score:    "您对这次服务满意吗？请按 1（很差）到 5（很好）评分。",
		Minutes:  "{n} 分钟", Minute: "1 分钟", Hours: "{n} 小时", Hour: "1 小时",
		Days:   [7]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"},
		Months: [12]string{"1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"},
		Date:   "{month}{d}日{day} {time}（{zone} 时间）",
	},
	"es": {
		Closed: "Ahora mismo no hay nadie: nuestro equipo vuelve el {when}.",
		Shut:   "Ahora mismo no hay nadie y no puedo decir cuándo vuelve nuestro equipo.",
		Nobody: "En este momento nadie de nuestro equipo está en su puesto, así que puede tardar.",
		Place:  "Eres el número {n} en la cola.", Wait: "A esta hora la respuesta suele tardar unos {wait}.",
		Email:    "Deja tu correo electrónico para que podamos contactarte si cierras esta página.",
		Still:    "Mientras tanto puedes seguir preguntando: responderé a lo que expliquen nuestras páginas de ayuda y conservas tu sitio.",
		Idle:     "{name} no ha podido responderte a tiempo, así que te he devuelto a la cola de nuestro equipo, con el tiempo que ya has esperado.",
		Gone:     "{name} ha dejado el chat, así que te he devuelto a la cola de nuestro equipo.",
		Meantime: "Mientras esperas:",
		Score:    "¿Qué tal ha ido? Valóralo del 1 (mal) al 5 (genial).",
		Minutes:  "{n} minutos", Minute: "un minuto", Hours: "{n} horas", Hour: "una hora",
		Days:   [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		Months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		Date:   "{day} {d} de {month} a las {time} (hora de {zone})",
	},
	"ar": {
		Closed: "لا يوجد أحد الآن: يعود فريقنا يوم {when}.",
		Shut:   "لا يوجد أحد الآن، ولا أستطيع أن أحدد متى يعود فريقنا.",
		Nobody: "لا أحد من فريقنا في مكتبه في هذه اللحظة، لذا قد يستغرق الرد بعض الوقت.",
		Place:  "رقمك في قائمة الانتظار {n}.", Wait: "يستغرق الرد عادةً نحو {wait} في هذا الوقت.",
		Email:    "اترك بريدك الإلكتروني لنتمكن من الوصول إليك إذا أغلقت هذه الصفحة.",
		Still:    "يمكنك متابعة طرح الأسئلة أثناء الانتظار: سأجيب عما تجيب عنه صفحات المساعدة لدينا وستحتفظ بدورك.",
		Idle:     "لم يتمكن {name} من الرد عليك في الوقت المناسب، فأعدتك إلى قائمة انتظار فريقنا مع احتساب الوقت الذي انتظرته.",
		Gone:     "غادر {name} الدردشة، فأعدتك إلى قائمة انتظار فريقنا.",
		Meantime: "أثناء انتظارك:",
		Score:    "كيف كانت تجربتك؟ قيّمها من 1 (سيئة) إلى 5 (ممتازة).",
		Minutes:  "{n} دقيقة", Minute: "دقيقة واحدة", Hours: "{n} ساعات", Hour: "ساعة واحدة",
		Days:   [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		Months: [12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		Date:   "{day} {d} {month} الساعة {time} (بتوقيت {zone})",
	},
}

func lifeTextsFor(locale string) lifeTexts {
	lang, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	if t, ok := lifePacks[lang]; ok {
		return t
	}
	return lifePacks["en"]
}

// when says a moment in the time zone of the hours, which it names: nobody knows the
// customer's.
func (t lifeTexts) when(at time.Time, zone *time.Location) string {
	at = at.In(zone)
	return strings.NewReplacer(
		"{day}", t.Days[at.Weekday()], "{d}", strconv.Itoa(at.Day()), "{month}", t.Months[at.Month()-1],
		"{time}", at.Format("15:04"), "{zone}", strings.ReplaceAll(zone.String(), "_", " "),
	).Replace(t.Date)
}

// lasting says how long a wait takes.
func (t lifeTexts) lasting(d time.Duration) string {
	n := int((d + time.Minute - 1) / time.Minute)
	switch {
	case n <= 1:
		return t.Minute
	case n < 60:
		return fill(t.Minutes, "{n}", strconv.Itoa(n))
	case n < 90:
		return t.Hour
	}
	return fill(t.Hours, "{n}", strconv.Itoa((n+30)/60))
}

// expect says what somebody in the queue can expect, after what was said before. away:
// nobody is there to answer.
func (t lifeTexts) expect(before string, o Outlook, p Promise, h Hours, away, email bool) string {
	out := []string{before}
	switch {
	case !o.Open && !o.OpensAt.IsZero():
		out = append(out, fill(t.Closed, "{when}", t.when(o.OpensAt, h.Zone())))
	case !o.Open:
		out = append(out, t.Shut)
	case away:
		out = append(out, t.Nobody)
	default:
		if p.Position > 1 {
			out = append(out, fill(t.Place, "{n}", strconv.Itoa(p.Position)))
		}
		if p.Typical > 0 {
			out = append(out, fill(t.Wait, "{wait}", t.lasting(p.Typical)))
		}
	}
	if away {
		if email {
			out = append(out, t.Email)
		}
		out = append(out, t.Still)
	}
	return strings.Join(out, " ")
}

// alertText tells staff of a wait; it has no words of the customer's.
func alertText(k AlertKind, st State, now time.Time) string {
	waited := ""
	if !st.WaitingSince.IsZero() {
		waited = fmt.Sprintf(" for %d min", int(max(0, now.Sub(st.WaitingSince)).Minutes()))
	}
	holder := ""
	if st.Owner == OwnerStaff {
		holder = " (" + st.StaffName + ")"
	}
	switch k {
	case AlertEscalation:
		return "Still waiting" + waited + holder + ": priority raised."
	case AlertReminder:
		return "A customer has been waiting" + waited + holder + "."
	}
	return "A customer is waiting for a person."
}
