-- migrate:up
-- What is expected next is stored as a code; rows written before hold the French words.
WITH code (words, code) AS (
    VALUES
        ('Enregistrer votre demande.', 'register'),
        ('Reprendre l’examen avec vos informations.', 'resume_with_information'),
        ('Commencer l’examen de votre demande.', 'begin_examination'),
        ('Étudier votre besoin et chercher la réponse adaptée.', 'examine'),
        ('Envoyer les informations demandées.', 'send_information'),
        ('Valider la réponse qui est en préparation.', 'validate_answer'),
        ('Dire s’il peut vous accompagner.', 'answer_orientation'),
        ('Prendre contact avec vous pour commencer.', 'contact_applicant'),
        ('Chercher une autre réponse à votre besoin.', 'seek_other_answer'),
        ('Mettre en place le soutien accordé.', 'set_up_support'),
        ('Étudier votre demande dans le cadre du programme.', 'examine_for_programme'),
        ('Prendre connaissance de votre dossier.', 'receive_dossier'),
        ('Poursuivre l’examen de votre dossier.', 'continue_with_dossier'),
        ('Enregistrer votre demande dans le département qui la reprend.', 'register_transfer'),
        ('Vérifier que votre dossier peut être présenté au comité.', 'settle_admissibility'),
        ('Répondre à une question de l’équipe nationale.', 'answer_question'),
        ('Inscrire votre projet à l’ordre du jour du comité de suivi de projet.', 'schedule'),
        ('Reprendre l’examen de votre demande.', 'resume_examination'),
        ('Examiner votre projet en comité de suivi de projet.', 'decide'),
        ('Présenter de nouveau votre projet à un prochain comité.', 'schedule_again'),
        ('Réunir les moyens de l’accompagnement.', 'mobilise'),
        ('Vous accompagner jusqu’à la date prévue.', 'accompany'),
        ('Vous accompagner dans le programme.', 'accompany_in_programme'),
        ('Dites-nous ce que cet accompagnement a changé.', 'evaluate'),
        ('Dites-nous, quelques mois après, ce que cet accompagnement a changé.', 'evaluate_again'),
        ('Dire si le retrait est accepté, ou pourquoi il est trop tard.', 'answer_withdrawal')
)
UPDATE request r SET
    expected = CASE
        WHEN e.code IS NULL THEN r.expected ELSE jsonb_set(r.expected, '{what}', to_jsonb(e.code))
    END,
    withdrawal = CASE
        WHEN b.code IS NULL THEN r.withdrawal
        ELSE jsonb_set(r.withdrawal, '{beneath,expected,what}', to_jsonb(b.code))
    END
FROM request o
LEFT JOIN code e ON e.words = o.expected ->> 'what'
LEFT JOIN code b ON b.words = o.withdrawal #>> '{beneath,expected,what}'
WHERE r.id = o.id AND (e.code IS NOT NULL OR b.code IS NOT NULL);

-- migrate:down
